"""The website channel: the chat page, the script clinics embed, and the line between browser and bot."""

from hair_answers.channels.website.channel import WebsiteInput, WebsiteOutput

__all__ = ["WebsiteInput", "WebsiteOutput"]
